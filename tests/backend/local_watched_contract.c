/* SPDX-License-Identifier: Apache-2.0 */
/* The contract suite on backend/local where the kernel tells what others change. */
#include "backend/local_fixture.h"

int main(int argc, char **argv)
{
    local_setting.sole_changer = 1 | VFS_CHANGES_TOLD;
    return local_contract_main("local_watched", argc, argv);
}
