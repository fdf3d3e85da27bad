/* SPDX-License-Identifier: Apache-2.0 */
#include "vfs/vfs_memo.h"

_Thread_local struct vfs_memo_turn vfs_memo_turn = {.last = 1, .looked = true};
_Atomic uint64_t vfs_memo_era;
