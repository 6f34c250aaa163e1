import { render } from "preact";
import { useEffect } from "preact/hooks";
import { Cells } from "./components/Cells";
import { Field } from "./components/Field";
import { Header } from "./components/Header";
import { Help } from "./components/Help";
import { Movie } from "./components/Movie";
import { Profiles } from "./components/Profiles";
import { Queue } from "./components/Queue";
import { Decide, Questions } from "./components/Questions";
import { Marks, Segment } from "./components/Segment";
import { Train } from "./components/Train";
import { Traces } from "./components/Traces";
import { onKey } from "./keys";
import * as queue from "./queue";
import { begin, isReferee } from "./referee";
import * as state from "./state";
import "./style.css";

function QueueAndCells() {
  return (
    <>
      <Queue />
      <Cells />
    </>
  );
}

function App() {
  useEffect(() => {
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, []);
  if (state.failure.value) {
    return (
      <main class="alone">
        <h1>neurocine annotate</h1>
        <p role="alert">{state.failure.value}</p>
      </main>
    );
  }
  if (!state.facts.value) return <main class="alone">Loading …</main>;
  return (
    <>
      <Header />
      <main class="page" aria-busy={!state.isReady.value}>
        <div class="lists">{isReferee.value ? <Questions /> : <QueueAndCells />}</div>
        <div class="middle">
          {isReferee.value ? <Decide /> : <Segment />}
          <Traces />
          <div class="below">
            {!isReferee.value && <Marks />}
            <Profiles />
          </div>
        </div>
        <aside aria-label="Pictures">
          <Movie />
          <Field />
        </aside>
      </main>
      <Help />
      <Train />
    </>
  );
}

render(<App />, document.getElementById("app") as HTMLElement);
void state.start().then(() => {
  if (isReferee.value) begin();
  else if (queue.left.value) queue.next();
});
