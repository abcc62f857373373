using System.Globalization;

namespace Streams.Simulators;

/// <summary>State of an accounting period.</summary>
public enum PeriodState
{
    Open,

    /// <summary>Closed for now; it may be opened again.</summary>
    OnHold,
    Closed,
}

/// <summary>Which months are open, by account type where the ERP keeps them apart (SAP's S, D and K). What is not named is open.</summary>
/// <param name="closed">Months closed from the start, as long as they are in the set.</param>
sealed class PeriodBook(IReadOnlySet<string> closed)
{
    readonly Lock _lock = new();
    readonly Dictionary<(string Month, string Type), PeriodState> _states = [];

    /// <param name="month">yyyy-MM.</param>
    /// <param name="type">Empty: for all account types.</param>
    public void Set(string month, string type, PeriodState state)
    {
        lock (_lock) _states[(month, type)] = state;
    }

    /// <param name="date">yyyy-MM-dd.</param>
    public bool IsOpen(string date, string type = "")
    {
        lock (_lock) return Of(date[..7], "") == PeriodState.Open && (type.Length == 0 || Of(date[..7], type) == PeriodState.Open);
    }

    /// <summary>The first day of the first open month behind the date.</summary>
    public string NextOpen(string date)
    {
        var month = DateOnly.ParseExact(date[..7] + "-01", "yyyy-MM-dd", CultureInfo.InvariantCulture);
        while (!IsOpen(month.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture))) month = month.AddMonths(1);
        return month.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
    }

    PeriodState Of(string month, string type) =>
        _states.TryGetValue((month, type), out var state) ? state : type.Length == 0 && closed.Contains(month) ? PeriodState.Closed : PeriodState.Open;
}
