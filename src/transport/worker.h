/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Announces that a thread that runs a call may block.
 *
 * An event loop (an epoll set with its connections) is always run by exactly one thread.  A thread
 * in a blocking section can lose its loop to another thread, which then runs the rest of the batch
 * and everything else.  The first thread finishes its own call as straight-line code and sends the
 * reply itself.
 *
 * worker_will_block(): for what is certain to block (fsync, a cold read).  The loop is handed over
 * at once.
 *
 * worker_may_block(): for what may block (an open, an unlink).  It costs two atomic operations; the
 * loop is taken away only if the thread sleeps in the section after WORKER_RETAKE_US, or, where no
 * section has been that long for a while, after a few milliseconds.
 *
 * Each of them is followed by worker_unblock() on the same thread.  Nested sections have no effect.
 * On a thread that runs no loop these functions do nothing.
 */
#pragma once

enum {
    WORKER_RETAKE_US = 500,
    /* The same for a section whose thread runs or waits for a processor all the time: a second
     * thread would not be faster. */
    WORKER_RETAKE_RUNNING_US = 5000,
};

void worker_will_block(void);
void worker_may_block(void);
void worker_unblock(void);
