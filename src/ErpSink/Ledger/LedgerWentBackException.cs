using Npgsql;

namespace Streams.ErpSink.Ledger;

/// <summary>The ledger does not know what this process saw it commit: it was put back to an older state under the running sink. Treated as a failure of the database.</summary>
public sealed class LedgerWentBackException(string message) : NpgsqlException(message);
