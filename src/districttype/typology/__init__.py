"""Labels per zone and facet, with reasons and confidence."""
