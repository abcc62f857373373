using System.Text;

namespace Streams.Rating.Contracts;

/// <summary>What an id of a customer, meter, plan or contract may look like.</summary>
public static class Identifiers
{
    /// <summary>Characters at most.</summary>
    public const int MaxLength = 200;

    /// <summary>Null for a good id, else the code and the reason. '|' separates the parts of a posting key; control characters separate those of store keys.</summary>
    public static (string Code, string Reason)? Check(string id)
    {
        if (id.Length == 0) return ("ID_EMPTY", "is empty");
        if (id.Length > MaxLength) return ("ID_TOO_LONG", $"has {id.Length} characters, {MaxLength} are allowed");
        foreach (var c in id)
        {
            if (c == '|') return ("ID_CHARACTERS", "holds '|'");
            if (char.IsControl(c)) return ("ID_CHARACTERS", $"holds the control character U+{(int)c:X4}");
        }
        return IsWellFormed(id) ? null : ("ID_CHARACTERS", "holds half of a surrogate pair");
    }

    static bool IsWellFormed(string id)
    {
        foreach (var rune in id.EnumerateRunes())
        {
            if (rune == Rune.ReplacementChar && !id.Contains('\uFFFD')) return false;
        }
        return true;
    }
}
