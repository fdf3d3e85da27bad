/* SPDX-License-Identifier: Apache-2.0 */
/* Warnings about what the machine, or who started the server there, gives it: the place of its
 * state, files with secrets, memory, descriptors. */
#pragma once

#include "admin/config/config.h"

struct served;

/* `values` are the settings that will be in force, `connections` are the descriptors for accepted
 * ones. */
void machine_warnings_tell(const struct config *config, const struct served *served,
                           const struct setting_values *values, uint32_t connections);
