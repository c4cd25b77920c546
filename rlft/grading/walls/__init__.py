"""What a graded notebook may not do, and how that is enforced."""
