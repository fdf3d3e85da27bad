/* SPDX-License-Identifier: Apache-2.0 */
/* A word to the service manager: the sd_notify protocol, a datagram to $NOTIFY_SOCKET. */
#pragma once

/* "READY=1", "STOPPING=1", ...  Does nothing when nobody asked to be told. */
void notify_manager(const char *state);
