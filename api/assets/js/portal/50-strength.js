// How hard a password is to guess, in words: long is what counts. The server decides whether it will do.
const WORDS = ["", "Fácil de adivinar", "Regular", "Buena", "Muy buena"];
const COMMON = /^(?:password|contrase|clave|qwerty|12345|qoricash|abc123)/i;

function strength(text) {
  if (text.length < 8) return text ? 1 : 0;
  const kinds = [/[a-zñ]/, /[A-ZÑ]/, /\d/, /[^\wñÑ]/].filter((kind) => kind.test(text)).length;
  const odd = new Set(text).size;
  if (COMMON.test(text) || odd < 5) return 1;
  return Math.min(4, 1 + (text.length >= 10) + (text.length >= 14) + (kinds >= 3 || text.length >= 20));
}

document.addEventListener("input", (event) => {
  if (!event.target.matches("[data-strength]")) return;
  const form = event.target.closest("form");
  const found = strength(event.target.value);
  const bar = form.querySelector("[data-strength-bar]");
  bar.value = found;
  bar.classList.toggle("progress-primary", found > 2);
  form.querySelector("[data-strength-word]").textContent = WORDS[found];
});
