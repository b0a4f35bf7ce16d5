// The weights of each grade, added up while they are typed. The server adds them up again and refuses what is not 100.
const table = document.querySelector("[data-weights]");
const sums = document.querySelector("[data-sums]");
if (table && sums) {
  const add = () => {
    const found = new Map();
    for (const row of table.querySelectorAll("tbody tr")) {
      const value = (name) => row.querySelector(`[data-part=${name}]`).value;
      const weight = Number.parseInt(value("weight"), 10);
      if (value("grade") && value("method") && weight > 0) found.set(value("grade"), (found.get(value("grade")) || 0) + weight);
    }
    for (const one of sums.querySelectorAll("[data-sum]")) {
      const sum = found.get(one.dataset.sum);
      one.hidden = sum === undefined;
      one.classList.toggle("wrong", sum !== undefined && sum !== 100);
      one.querySelector("output").textContent = sum === undefined ? "" : sum;
    }
  };
  table.addEventListener("input", add);
  add();
}
