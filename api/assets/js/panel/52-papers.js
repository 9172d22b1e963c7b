// The viewer of a client's documents: larger, smaller, turned, dragged; what is typed on the keyboard clicks its buttons.
document.addEventListener("alpine:init", () => {
  Alpine.data("papeles", () => ({
    scale: 1,
    turned: 0,
    moved: [0, 0],
    percent: "100 %",
    init() {
      const stage = this.$refs.stage;
      if (!stage) return;
      let from = null;
      stage.addEventListener("pointerdown", (event) => { from = [event.clientX - this.moved[0], event.clientY - this.moved[1]]; stage.setPointerCapture(event.pointerId); });
      stage.addEventListener("pointermove", (event) => { if (from) { this.moved = [event.clientX - from[0], event.clientY - from[1]]; this.draw(); } });
      stage.addEventListener("pointerup", () => { from = null; });
      stage.addEventListener("wheel", (event) => { if (!event.ctrlKey) return; event.preventDefault(); this.zoom(event.deltaY < 0 ? 1.1 : 1 / 1.1); }, { passive: false });
    },
    choose(event) {
      const chosen = event.currentTarget;
      this.$root.querySelectorAll("[data-paper]").forEach((one) => one.setAttribute("aria-pressed", one === chosen));
      this.$refs.stage.firstElementChild.replaceWith(window.panel.paper(chosen.dataset));
      this.fit();
    },
    zoom(by) { this.scale = Math.min(6, Math.max(0.25, this.scale * by)); this.draw(); },
    larger() { this.zoom(1.25); },
    smaller() { this.zoom(0.8); },
    turn() { this.turned += 90; this.draw(); },
    turnBack() { this.turned -= 90; this.draw(); },
    fit() { this.scale = 1; this.turned = 0; this.moved = [0, 0]; this.draw(); },
    apart() { window.open(window.panel.source(this.$refs.stage.firstElementChild), "_blank", "noopener"); },
    draw() {
      this.percent = `${Math.round(this.scale * 100)} %`;
      this.$refs.stage.firstElementChild.style.transform = `translate(${this.moved[0]}px, ${this.moved[1]}px) scale(${this.scale}) rotate(${this.turned}deg)`;
    },
  }));
});
