/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Warnings of a start: what a newcomer easily gets wrong and the server can do nothing about.  They
 * are events of the log, each with a name of its own.
 */
#pragma once

/* Log the warning: what it is about (a path, a setting), what is wrong, and what to do. */
void warning_tell(const char *event, const char *about, const char *note, const char *remedy);
