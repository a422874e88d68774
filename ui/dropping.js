// Folders that are dropped: their files keep their paths. The field's own code walks through a
// folder and notes the path of each file as "/folder/sub/name", but sends the name alone; what it
// sends where a folder was chosen in a dialogue is webkitRelativePath, so that says the path here.
(() => {
  if (window.kbDropping) return;
  window.kbDropping = true;
  const own = Object.getOwnPropertyDescriptor(File.prototype, "webkitRelativePath");
  if (!own?.get) return;
  Object.defineProperty(File.prototype, "webkitRelativePath", {
    ...own,
    get() {
      const told = own.get.call(this);
      const path = typeof this.path === "string" ? this.path : "";
      return told || (/^\/[^/]+\/./.test(path) ? path.slice(1) : "");
    },
  });
})();
