"""What a job runs between configuration and tables."""
