"""Networks for S seeds at once: critics, policies, and policies that look at the clock."""
