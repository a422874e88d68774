"""Files of other programs read into text, with nothing stored: Open WebUI's document loader."""
