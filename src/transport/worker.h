/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a thread that runs a call says before it may sleep.
 *
 * An event loop (an epoll set with its connections) is always run by exactly one thread.  A
 * thread inside a blocking section can lose its loop to another thread, which then runs the rest
 * of the batch and everything else; the first thread finishes its own call as straight-line code
 * and sends its reply by itself.
 *
 * worker_will_block(): it surely sleeps (fsync, a cold read): the loop is given away at once.
 * worker_may_block(): it may or may not (an open, an unlink): cheap, two atomic operations;
 * the loop is taken away only if the section lasts longer than WORKER_RETAKE_US.
 * Every begin is followed by worker_unblock() on the same thread; a section inside another adds
 * nothing.  Called on a thread that runs no loop they do nothing.
 */
#pragma once

enum {
    WORKER_RETAKE_US = 500
};

void worker_will_block(void);
void worker_may_block(void);
void worker_unblock(void);
