/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sending notices (lock_notice.h) to the waiters (lock_wait.h) whose byte-range locks have become
 * free.
 *
 * A function that frees a range of a file with waiters calls lock_notice_send() afterwards.  The
 * timer checks such files, too, because a range may also become free without a call: when a lease
 * ends, or when a notified waiter does not retry.  Nothing depends on a notice: clients retry in
 * any case.
 */
#pragma once

struct file;
struct state;

/* Notify the waiters of the file whose locks are free now.  Without file.lock. */
void lock_notice_send(struct state *state, struct file *file);

/* From the timer. */
void lock_notice_tick(struct state *state);
