"""The soak: mixed traffic on both local platforms against one `herald serve`, with troubles; see `__main__`."""
