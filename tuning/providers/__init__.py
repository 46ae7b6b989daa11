"""Who answers, one file a provider; a plain dict is the registry."""
