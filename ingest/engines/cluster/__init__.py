"""The engine of a Ray cluster: actors on its nodes read and embed; this process stores."""
