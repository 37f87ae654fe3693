"""Evidence disposes: ids become exact quotes, claims are checked, counts become words. All of it is pure."""
