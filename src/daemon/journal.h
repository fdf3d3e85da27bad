/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The journal of systemd.  It reads the priority of a line from the beginning of the line.
 */
#pragma once

#include <stdbool.h>

/* Does the journal read our stderr?  Then JOURNAL_STREAM names that file: systemd.exec(5). */
bool journal_reads_stderr(void);
