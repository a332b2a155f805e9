"""Numbers per zone: functions of zones and layers, and of nothing else."""
