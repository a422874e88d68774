"""Which files a run is about: folders, names, rules that leave files out, changes watched."""
