using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Streams.Schemas;

namespace Streams.ErpSink.Replay;

/// <summary>Which part of the documents topic is read again: one of the three.</summary>
public abstract record ReplayScope
{
    ReplayScope()
    {
    }

    /// <summary>Each partition from this offset on.</summary>
    public sealed record FromOffset(long Offset) : ReplayScope;

    /// <summary>Each partition from the first record with this or a later timestamp.</summary>
    public sealed record FromTime(DateTimeOffset Time) : ReplayScope;

    /// <summary>All documents of one billing period, e.g. 2026-01.</summary>
    public sealed record OfPeriod(string Period) : ReplayScope;
}

/// <summary>A partition's share: reading has come to <paramref name="Current"/>, is repeated from <paramref name="New"/> up to <paramref name="End"/> (exclusive).</summary>
public sealed record ReplayPartition(int Partition, long Current, long New, long End, long Records);

/// <summary>Documents and their money in one currency.</summary>
public sealed record ReplayMoney(string Currency, long Documents, ExactDecimal Total);

/// <summary>What a replay would do. <see cref="Hash"/> stands for the whole plan: it is executed only if it still holds.</summary>
public sealed record ReplayPlan(
    string Topic, ReplayScope Scope, IReadOnlyList<ReplayPartition> Partitions, IReadOnlyList<ReplayMoney> Affected, IReadOnlyList<ReplayMoney> ToBePosted,
    long AlreadyConfirmed, long UnderWayOrListed, long Conflicts, long Rejected, string DocumentsHash)
{
    /// <summary>A posting and a read-back for each document to be posted.</summary>
    public long EstimatedCalls => 2 * ToBePosted.Sum(m => m.Documents);

    /// <summary>SHA-256 in hex over everything that the plan rests on.</summary>
    public string Hash
    {
        get
        {
            var text = new StringBuilder().Append(CultureInfo.InvariantCulture, $"{Topic}|{Scope}|{AlreadyConfirmed}|{UnderWayOrListed}|{Conflicts}|{Rejected}|{DocumentsHash}");
            foreach (var p in Partitions) text.Append(CultureInfo.InvariantCulture, $"|{p}");
            foreach (var m in ToBePosted) text.Append(CultureInfo.InvariantCulture, $"|{m}");
            return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())));
        }
    }
}

/// <summary>What a replay did.</summary>
public sealed record ReplayResult(ReplayPlan Plan, long Records, long Planned, long Compared, long Conflicts, long Rejected);

/// <summary>A safety check refuses the replay (exit code 3); the message says which.</summary>
public sealed class ReplayRefusedException(string message) : Exception(message);
