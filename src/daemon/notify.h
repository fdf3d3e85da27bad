/* SPDX-License-Identifier: Apache-2.0 */
/* Notifies the service manager: the sd_notify protocol, a datagram to $NOTIFY_SOCKET. */
#pragma once

/* Send "READY=1", "STOPPING=1", ...  Does nothing if $NOTIFY_SOCKET is not set. */
void notify_manager(const char *state);
