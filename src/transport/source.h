/* SPDX-License-Identifier: Apache-2.0 */
/* What an epoll event of a loop points to: embedded in whatever has a descriptor in the set. */
#pragma once

enum source_kind {
    SOURCE_CONNECTION,
    SOURCE_LISTENER,
    SOURCE_WAKE,
    SOURCE_TIMER,
};

struct source {
    enum source_kind kind;
};
