import { render } from "preact";
import { type Answered, getSession, type SessionFacts } from "./api";
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
import { groups, onKey, pressed } from "./keys";
import { isMasks } from "./masks/api";
import { MaskApp } from "./masks/components/MaskApp";
import { watch } from "./masks/movie";
import { commandOf } from "./masks/keys";
import * as masks from "./masks/state";
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
      <Help groups={groups.value} shown={state.helpShown} />
      <Train />
    </>
  );
}

const place = document.getElementById("app") as HTMLElement;

/** Show the page that the server's answer is of. */
function open(facts: Answered): void {
  if (isMasks(facts)) {
    masks.start(facts);
    watch();
    addEventListener("keydown", (event) => pressed(event, commandOf));
    render(<MaskApp />, place);
    return;
  }
  state.start(facts as SessionFacts);
  addEventListener("keydown", onKey);
  render(<App />, place);
  if (isReferee.value) begin();
  else if (queue.left.value) queue.next();
}

render(<main class="alone">Loading …</main>, place);
getSession().then(open, (error: Error) =>
  render(
    <main class="alone">
      <h1>neurocine annotate</h1>
      <p role="alert">{error.message}</p>
    </main>,
    place,
  ),
);
