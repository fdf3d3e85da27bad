/* SPDX-License-Identifier: Apache-2.0 */
/* `mainstay export import`: the exports of a file in the format of exports(5). */
#pragma once

#include "cli/command.h"

int export_import(const struct invocation *call);
