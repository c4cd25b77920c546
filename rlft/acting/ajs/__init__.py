"""AJS (arXiv 2505.00913): its rule in numbers, the gate that moves h, and the schedule of both."""
