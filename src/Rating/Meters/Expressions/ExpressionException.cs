namespace Streams.Rating.Meters;

/// <summary>A text is no expression; <see cref="Position"/> is the character, from 1, at which that shows.</summary>
public sealed class ExpressionException(int position, string reason) : Exception($"position {position}: {reason}")
{
    public int Position { get; } = position;
}
