/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The output of `mainstay watch`: a line for each thing that happens, as text or JSON.  Docs and
 * tests rely on the members.
 */
#pragma once

#include "client/client_dir.h"

struct watch_print {
    bool json;
    bool entry_told; /* since attributes of the directory were told */
};

/* The directory was read, and is watched from now on. */
void watch_print_begin(const struct watch_print *print, const struct client_dir *dir);

/* Something was told. */
void watch_print_event(struct watch_print *print, const struct notify_event *event);

/* It is no longer told what changes. */
void watch_print_lost(const struct watch_print *print, enum client_dir_loss why);
