"""What bench/report.py draws: a file per question."""
