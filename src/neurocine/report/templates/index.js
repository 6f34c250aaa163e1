// Show the recordings whose name contains a text, ordered by what is chosen; without JavaScript all are shown.
const form = document.querySelector("form.choose");
if (form) {
  const list = document.querySelector(".cards");
  const cards = [...list.children];
  const order = new Intl.Collator("en", { numeric: true }).compare;
  const show = () => {
    const { name, by, controls } = form.elements;
    const wanted = name.value.trim().toLowerCase();
    for (const card of cards) {
      const { name: own, controls: ran } = card.dataset;
      card.hidden = !own.toLowerCase().includes(wanted) || (controls.checked && ran === "0");
    }
    const key = by.value;
    const sorted = [...cards];
    if (key === "name") sorted.sort((a, b) => order(a.dataset.name, b.dataset.name));
    else if (key) sorted.sort((a, b) => b.dataset[key] - a.dataset[key]);
    list.append(...sorted);
    const left = cards.filter((card) => !card.hidden).length;
    form.querySelector("output").textContent = `${left} of ${cards.length} shown`;
  };
  form.addEventListener("input", show);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.hidden = false;
  show();
}
