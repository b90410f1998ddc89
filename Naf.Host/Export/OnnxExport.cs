using Naf.Host.Runs;
using Naf.Kernels.Advantage;
using ProtoBuf;

namespace Naf.Host.Export;

/// <summary>
/// A policy and its Q as ONNX graphs.
/// <code>
/// action = μ(x) = tanh m(x),  control = control_middle + control_half action, limited
/// NAF:  d = u − μ,  z = Lᵀ d,  Q = V − ½ zᵀz,  Lᵢᵢ = exp(B tanh(lᵢᵢ / B)), Lᵢⱼ = lᵢⱼ
/// DDPG: Q = critic(x, u);  both in the task's rewards, Q / reward_scale
/// </code>
/// </summary>
internal static class OnnxExport
{
    // the first opset with LayerNormalization, and its version of the file format
    private const int Opset = 17, IrVersion = 8;

    private const string Observation = "observation", Action = "action", Control = "control", Q = "q";

    /// <summary>observation → action, control.</summary>
    public static OnnxGraph PolicyOf(ExportedPolicy policy)
    {
        var graph = new OnnxGraph("policy");
        string x = Input(graph, policy), u = Mean(graph, policy, x, Action);
        string offset = graph.Node("control_offset", "Mul", u, graph.Constant(policy.ControlHalf));
        string control = graph.Node("control_unlimited", "Add", offset, graph.Constant(policy.ControlMiddle));
        control = graph.Node("control_above_low", "Max", control, graph.Constant(policy.ControlLow));
        graph.Node(Control, "Min", control, graph.Constant(policy.ControlHigh));
        graph.Output(Action, policy.ActionSize, "u = mu(x), within [-1, 1]");
        graph.Output(Control, policy.ActionSize, "the action in the actuators' units");
        return graph;
    }

    /// <summary>observation, action → q.</summary>
    public static OnnxGraph QOf(ExportedPolicy policy)
    {
        var graph = new OnnxGraph(Q);
        string x = Input(graph, policy), u = graph.Input(Action, policy.ActionSize, "u, within [-1, 1]");
        string scaled = policy.Networks.Critic.IsEmpty
            ? graph.Node("q_scaled", "Add", graph.Network(policy.Networks.Value, x), Advantage(graph, policy, x, u))
            : graph.Network(policy.Networks.Critic, x, late: u);
        graph.Node(Q, "Div", scaled, graph.Constant("reward_scale", (float)policy.RewardScale));
        graph.Output(Q, 1, "discounted return of u, followed by the policy, in the task's rewards");
        return graph;
    }

    public static void Write(Stream file, ExportedPolicy policy, OnnxGraph graph) => Serializer.Serialize(
        file, new ModelProto(IrVersion, "naf", Versions.Product, graph.Proto, [new OperatorSetIdProto("", Opset)],
            [.. policy.Metadata.Select(entry => new StringStringEntryProto(entry.Key, entry.Value))]));

    private static string Input(OnnxGraph graph, ExportedPolicy policy) => graph.Node(
        "input", "Mul", graph.Input(Observation, policy.ObservationSize, "x, as the task observes it"),
        graph.Constant(policy.InputScale));

    private static string Mean(OnnxGraph graph, ExportedPolicy policy, string x, string name) =>
        graph.Node(name, "Tanh", graph.Network(policy.Networks.Policy, x));

    // L is packed, row by row: entry e of it is multiplied by d of its row, and added to z of its column
    private static string Advantage(OnnxGraph graph, ExportedPolicy policy, string x, string u)
    {
        int actions = policy.ActionSize, packed = AdvantageKernel.Packed(actions, 0);
        float[] rows = new float[actions * packed], columns = new float[packed * actions];
        var diagonal = new bool[packed];
        for (int i = 0; i < actions; i++)
            for (int j = 0; j <= i; j++)
            {
                int e = AdvantageKernel.Packed(i, j);
                (rows[i * packed + e], columns[e * actions + j], diagonal[e]) = (1, 1, i == j);
            }
        string l = graph.Network(policy.Networks.Advantage, x),
            bound = graph.Constant("log_diagonal_bound", policy.LogDiagonalBound);
        string log = graph.Node("log_diagonal", "Mul",
            graph.Node("log_tanh", "Tanh", graph.Node("log_ratio", "Div", l, bound)), bound);
        string lower = graph.Node("lower", "Where",
            graph.Constant("is_diagonal", diagonal), graph.Node("diagonal", "Exp", log), l);

        string d = graph.Node("d", "Sub", u, Mean(graph, policy, x, "mu"));
        string byRow = graph.Node(
            "d_rows", "MatMul", d, graph.Constant(new NamedTensor("rows", rows, actions, packed)));
        string z = graph.Node("z", "MatMul", graph.Node("products", "Mul", lower, byRow),
            graph.Constant(new NamedTensor("columns", columns, packed, actions)));
        return graph.Node("advantage", "Mul", graph.SumOfSquares("z_squared", z), graph.Constant("factor", -0.5f));
    }
}
