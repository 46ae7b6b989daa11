"""Pure checks on question and answer texts: no models, no settings, strings in and values out."""
