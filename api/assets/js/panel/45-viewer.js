// What a proof or a document is shown in: a picture, a PDF's own frame, or the way to download what no browser draws.
window.panel.source = (shown) => shown.src || shown.dataset.src;
window.panel.paper = ({ type, url, name }) => {
  if (type === "image/heic") {
    const told = document.createElement("div");
    told.className = "unseen";
    told.dataset.src = url;
    const link = document.createElement("a");
    Object.assign(link, { className: "link", href: url, download: "", textContent: "Descárgala" });
    told.append("Tu navegador no muestra fotos HEIC. ", link, " para verla.");
    return told;
  }
  const pdf = type === "application/pdf";
  const shown = document.createElement(pdf ? "iframe" : "img");
  shown.src = url;
  shown[pdf ? "title" : "alt"] = name;
  if (!pdf) shown.draggable = false;
  return shown;
};
