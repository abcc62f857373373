using System.Data.Common;
using Npgsql;

namespace Streams.ErpSink.Ledger;

/// <summary>How programs that work on the ledger connect to it.</summary>
public static class LedgerDatabase
{
    const int PreparedStatements = 60;

    /// <summary>
    /// Nothing is left behind in a session but what ends with its transaction, so that sessions need no reset between two uses. Statements that come again are prepared: parsing and planning them would cost more than running them. A connection string that says how many keeps its word;
    /// <c>Max Auto Prepare=0</c> is for poolers that hand a session from one transaction to the next.
    /// </summary>
    public static NpgsqlDataSource Open(string connectionString)
    {
        var given = new DbConnectionStringBuilder { ConnectionString = connectionString };
        var settings = new NpgsqlConnectionStringBuilder(connectionString) { NoResetOnClose = true };
        if (!given.ContainsKey("Max Auto Prepare") && !given.ContainsKey("MaxAutoPrepare")) settings.MaxAutoPrepare = PreparedStatements;
        return NpgsqlDataSource.Create(settings.ConnectionString);
    }
}
