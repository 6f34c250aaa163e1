/** The page of masks, in two phases as STNeuroNet's graders had them. */

import { Help } from "../../components/Help";
import { shown } from "../movie";
import { groups } from "../keys";
import * as state from "../state";
import { Judge } from "./Judge";
import { List } from "./List";
import { MaskHeader } from "./MaskHeader";
import { Panels } from "./Panels";
import { Propose } from "./Propose";
import { Toolbar } from "./Toolbar";
import { Trace } from "./Trace";

export function MaskApp() {
  return (
    <>
      <MaskHeader />
      <main class="page masks" aria-busy={shown.value === null}>
        <div class="lists">
          <List />
        </div>
        <div class="middle">
          <Toolbar />
          <Panels />
          <Trace />
        </div>
        <aside aria-label={state.phase.value === 1 ? "Phase 1: draw" : "Phase 2: judge"}>
          {state.phase.value === 1 && <Propose />}
          <Judge />
        </aside>
      </main>
      <Help groups={groups.value} shown={state.helpShown} />
    </>
  );
}
