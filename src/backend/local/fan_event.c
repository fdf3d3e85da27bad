/* SPDX-License-Identifier: Apache-2.0 */
#include "backend/local/fan_event.h"

#include <fcntl.h>
#include <string.h>

bool local_fan_event_read(const uint8_t *at, size_t len, struct local_fan_event *event)
{
    if (len < sizeof(event->head))
        return false;
    memcpy(&event->head, at, sizeof(event->head));
    if (event->head.event_len > len || event->head.metadata_len > event->head.event_len ||
        event->head.event_len < sizeof(event->head))
        return false;
    event->info = at + event->head.metadata_len;
    event->end = at + event->head.event_len;
    return true;
}

bool local_fan_event_name(const struct local_fan_event *event, uint8_t type,
                          struct local_fan_name *name)
{
    const size_t len = (size_t)(event->end - event->info);
    struct fanotify_event_info_fid info;
    struct file_handle handle;
    const size_t head = sizeof(info) + sizeof(handle);

    if (len < head)
        return false;
    memcpy(&info, event->info, sizeof(info));
    memcpy(&handle, event->info + sizeof(info), sizeof(handle));
    if (info.hdr.info_type != type || handle.handle_bytes > LOCAL_ID_BYTES_MAX - 1 ||
        handle.handle_bytes > len - head)
        return false;
    memcpy(&name->fsid, &info.fsid, sizeof(name->fsid));
    name->id.len = (uint8_t)(handle.handle_bytes + 1);
    name->id.data[0] = (uint8_t)handle.handle_type;
    memcpy(name->id.data + 1, event->info + head, handle.handle_bytes);
    return true;
}
