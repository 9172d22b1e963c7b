// The board's own filters: they hide cards, and go on hiding them when the lanes are read again.
const board = document.getElementById("tablero");
if (board) {
  const filters = document.getElementById("filtros");
  const state = { mine: false, kind: "", words: "", lane: "en-proceso" };

  const apply = () => {
    board.querySelectorAll("[data-card]").forEach((card) => {
      card.hidden =
        (state.mine && card.dataset.mine !== "si") ||
        (state.kind && card.dataset.kind !== state.kind) ||
        (state.words && !card.dataset.words.includes(state.words));
    });
    document.querySelectorAll("[data-lane]").forEach((tab) => {
      const open = tab.dataset.lane === state.lane;
      tab.setAttribute("aria-selected", open);
      tab.tabIndex = open ? 0 : -1;
      document.getElementById(tab.dataset.lane).classList.toggle("is-open", open);
    });
  };

  filters.addEventListener("submit", (event) => event.preventDefault());
  filters.addEventListener("input", (event) => {
    if (event.target.matches("[data-filter]")) state.words = event.target.value.trim().toLowerCase();
    if (event.target.matches("[data-kind-choice]")) state.kind = event.target.value;
    apply();
  });
  document.addEventListener("click", (event) => {
    const mine = event.target.closest("[data-only-mine]");
    if (mine) {
      state.mine = !state.mine;
      mine.setAttribute("aria-pressed", state.mine);
      apply();
    }
    const tab = event.target.closest("[data-lane]");
    if (tab) { state.lane = tab.dataset.lane; apply(); }
  });
  document.addEventListener("partes", apply);
  apply();
}
