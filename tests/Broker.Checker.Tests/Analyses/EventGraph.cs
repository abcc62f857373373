namespace Streams.Broker.Checker.Tests.Analyses;

/// <summary>A directed graph of named events; finds what lies on cycles by Tarjan's algorithm, without recursion.</summary>
internal sealed class EventGraph
{
    private readonly Dictionary<string, int> _numbers = new(StringComparer.Ordinal);
    private readonly List<string> _names = [];
    private readonly List<List<int>> _next = [];

    public long Edges { get; private set; }

    public void Add(string from, string to)
    {
        _next[Number(from)].Add(Number(to));
        Edges++;
    }

    /// <summary>The strongly connected components of more than one event, and events that come before themselves.</summary>
    public IEnumerable<IReadOnlyList<string>> StronglyConnected()
    {
        var search = new Tarjan(_next);
        for (var node = 0; node < _next.Count; node++) search.From(node);
        return search.Components.Where(c => c.Count > 1 || _next[c[0]].Contains(c[0])).Select(c => (IReadOnlyList<string>)[.. c.Select(n => _names[n]).Reverse()]);
    }

    private int Number(string name)
    {
        if (_numbers.TryGetValue(name, out var number)) return number;
        _numbers[name] = number = _names.Count;
        _names.Add(name);
        _next.Add([]);
        return number;
    }

    private sealed class Tarjan(List<List<int>> next)
    {
        private readonly int[] _index = new int[next.Count];
        private readonly int[] _low = new int[next.Count];
        private readonly bool[] _onStack = new bool[next.Count];
        private readonly Stack<int> _stack = new();
        private readonly Stack<(int Node, int Edge)> _path = new();
        private int _clock;

        public List<List<int>> Components { get; } = [];

        public void From(int root)
        {
            if (_index[root] != 0) return;
            Enter(root);
            while (_path.TryPop(out var step))
            {
                var (node, edge) = step;
                if (edge < next[node].Count)
                {
                    _path.Push((node, edge + 1));
                    Visit(node, next[node][edge]);
                }
                else Leave(node);
            }
        }

        private void Enter(int node)
        {
            _index[node] = _low[node] = ++_clock;
            _stack.Push(node);
            _onStack[node] = true;
            _path.Push((node, 0));
        }

        private void Visit(int node, int target)
        {
            if (_index[target] == 0) Enter(target);
            else if (_onStack[target]) _low[node] = Math.Min(_low[node], _index[target]);
        }

        private void Leave(int node)
        {
            if (_path.TryPeek(out var parent)) _low[parent.Node] = Math.Min(_low[parent.Node], _low[node]);
            if (_low[node] != _index[node]) return;
            var component = new List<int>();
            int member;
            do
            {
                member = _stack.Pop();
                _onStack[member] = false;
                component.Add(member);
            }
            while (member != node);
            Components.Add(component);
        }
    }
}
