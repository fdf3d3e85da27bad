/* SPDX-License-Identifier: Apache-2.0 */
/* Work that is done again and again: less often while nobody sees it, or while it fails. */

const HIDDEN_MS = 10000;
const FAILING_MS = 15000; /* the longest pause after failures */

export class Poller {
    /* `work()` is asynchronous; `failed(error)` hears of its errors. */
    constructor(period_ms, work, failed) {
        this.period_ms = period_ms;
        this.work = work;
        this.failed = failed;
        this.failures = 0;
        this.running = this.again = false;
        this.stopped = true;
        this.timer = null;
        document.addEventListener("visibilitychange", () => {
            if (!document.hidden && !this.stopped)
                this.wake();
        });
    }

    /* Now, or as soon as what runs is done. */
    wake() {
        this.stopped = false;
        this.again = this.running;
        if (!this.running)
            this.run();
    }

    stop() {
        this.stopped = true;
        clearTimeout(this.timer);
    }

    pause_ms() {
        const pause = Math.min(this.period_ms * 2 ** this.failures, Math.max(FAILING_MS, this.period_ms));

        return document.hidden ? Math.max(pause, HIDDEN_MS) : pause;
    }

    async run() {
        clearTimeout(this.timer);
        this.running = true;
        try {
            await this.work();
            this.failures = 0;
        } catch (error) {
            this.failures = Math.min(this.failures + 1, 10);
            this.failed(error);
        }
        this.running = false;
        if (!this.stopped)
            this.timer = setTimeout(() => this.run(), this.again ? 0 : this.pause_ms());
        this.again = false;
    }
}
