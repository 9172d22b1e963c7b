// The palette: what the server finds, chosen with the arrows and opened with Enter.
const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
const label = (button) => [...button.childNodes].filter((one) => one.nodeName === "#text" || one.nodeName === "SPAN").map((one) => one.textContent.trim()).join(" ").trim();
document.addEventListener("alpine:init", () => {
  Alpine.data("paleta", () => ({
    at: 0,
    answered: null,
    early: false,
    init() {
      this.$root.addEventListener("abierto", () => {
        const input = this.$root.querySelector("input");
        input.value = "";
        this.answered = null;
        input.dispatchEvent(new Event("abrir"));
        input.focus();
      });
      this.$root.addEventListener("close", () => { this.early = false; });
      this.$root.addEventListener("htmx:beforeRequest", (event) => { event.detail.xhr.asked = event.target.value; });
      this.$root.addEventListener("htmx:afterSwap", (event) => {
        this.answered = event.detail.xhr.asked;
        this.here();
        this.mark(0);
        if (this.early && this.current()) { this.early = false; this.items()[0]?.click(); }
      });
      this.$root.addEventListener("keydown", (event) => this.key(event));
    },
    // What this page itself offers comes first: the buttons that open a dialog, by their own words.
    here() {
      const typed = plain(this.$root.querySelector("input").value.trim());
      const buttons = [...document.querySelectorAll("#contenido .act[hx-get], #contenido .btn[hx-get]")].filter((one) => !one.hasAttribute("aria-disabled") && one.offsetParent);
      const known = new Set();
      const found = buttons.filter((one) => {
        const words = plain(label(one));
        return words && words.includes(typed) && !known.has(one.getAttribute("hx-get")) && known.add(one.getAttribute("hx-get"));
      });
      if (!found.length) return;
      const list = this.$root.querySelector("#resultados");
      list.querySelector("[data-nothing]")?.remove();
      const title = Object.assign(document.createElement("p"), { className: "palette-group", textContent: "En esta página" });
      title.setAttribute("role", "presentation");
      list.prepend(title, ...found.slice(0, 8).map((one, place) => this.option(one, place)));
    },
    option(button, place) {
      const item = Object.assign(document.createElement("button"), { type: "button", id: `p-h${place}`, className: "palette-item" });
      item.setAttribute("role", "option");
      item.setAttribute("aria-selected", "false");
      const icon = button.querySelector("svg")?.cloneNode(true);
      if (icon) item.append(icon);
      item.append(Object.assign(document.createElement("span"), { textContent: label(button) }));
      item.addEventListener("click", () => { this.$root.close(); button.click(); });
      return item;
    },
    // Whether what is shown answers what is typed: the answer to an earlier word may still arrive.
    current() { return this.$root.querySelector("input").value === this.answered; },
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
        // Who types and presses Enter at once means what was typed, not what is still shown.
        if (!this.current()) { this.early = true; return; }
        const chosen = this.items()[this.at];
        if (!chosen) return;
        if (chosen.href && (event.ctrlKey || event.metaKey)) window.open(chosen.href, "_blank", "noopener");
        else chosen.click();
      }
    },
  }));
});
