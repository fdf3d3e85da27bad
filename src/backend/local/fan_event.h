/* SPDX-License-Identifier: Apache-2.0 */
/* Events of a fanotify group that names files by their handles. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/fanotify.h>

#include "backend/local/map.h"

/* An event as it stands in what was read, which is not aligned. */
struct local_fan_event {
    struct fanotify_event_metadata head;
    const uint8_t *info, *end;
};

/* What an event is about. */
struct local_fan_name {
    uint64_t fsid;
    struct local_id id;
};

/* False: there is none at `at`. */
bool local_fan_event_read(const uint8_t *at, size_t len, struct local_fan_event *event);

/* The file that the event's first record names, which is of this type (FAN_EVENT_INFO_TYPE_*);
 * false: there is no such record, or its handle is too long for an ID. */
bool local_fan_event_name(const struct local_fan_event *event, uint8_t type,
                          struct local_fan_name *name);
