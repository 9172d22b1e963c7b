// The palette: what the server finds, chosen with the arrows and opened with Enter.
document.addEventListener("alpine:init", () => {
  Alpine.data("paleta", () => ({
    at: 0,
    init() {
      this.$root.addEventListener("abierto", () => {
        const input = this.$root.querySelector("input");
        input.value = "";
        input.dispatchEvent(new Event("abrir"));
        input.focus();
      });
      this.$root.addEventListener("htmx:afterSwap", () => this.mark(0));
      this.$root.addEventListener("keydown", (event) => this.key(event));
    },
    items() { return [...this.$root.querySelectorAll('[role="option"]')]; },
    mark(index) {
      const items = this.items();
      this.at = Math.max(0, Math.min(index, items.length - 1));
      items.forEach((item, place) => item.setAttribute("aria-selected", place === this.at));
      const chosen = items[this.at];
      chosen?.scrollIntoView({ block: "nearest" });
      this.$root.querySelector("input").setAttribute("aria-activedescendant", chosen?.id ?? "");
    },
    key(event) {
      if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        event.preventDefault();
        this.mark(this.at + (event.key === "ArrowDown" ? 1 : -1));
      }
      if (event.key === "Enter") {
        event.preventDefault();
        const chosen = this.items()[this.at];
        if (!chosen) return;
        if (event.ctrlKey || event.metaKey) window.open(chosen.href, "_blank", "noopener");
        else chosen.click();
      }
    },
  }));
});
