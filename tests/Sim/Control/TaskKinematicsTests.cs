using Naf.Kernels.Observation;
using Naf.Kernels.Random;
using Naf.Sim.Control;
using NUnit.Framework;

namespace Naf.Tests;

/// <summary>Every task's observation, entry by entry, against MuJoCo's own places, axes and velocities of sites.</summary>
[Parallelizable(ParallelScope.All)]
public sealed class TaskKinematicsTests
{
    private const double Tolerance = 1e-10;   // double against double; positions of order 1, velocities up to 100

    private static IReadOnlyList<string> Names => ContractTasks.Names;

    [TestCaseSource(nameof(Names))]
    public void Observation_is_what_MuJoCo_says(string name)
    {
        using ControlTask task = ContractTasks.Load(name);
        using var environment = new ControlEnvironment(task);
        using var twin = new TwinModel(ContractTasks.PathOf(name));
        for (ulong episode = 0; episode < 2; episode++)
        {
            environment.Reset(1, RandomStream.TestReset, episode);
            Compare();
            Episodes.Play(environment, 1, episode, (_, _) => Compare());
        }

        void Compare()
        {
            twin.Follow(environment);
            double[] expected = [.. task.Definition.Observation.Entries.SelectMany(entry => Expected(entry, environment, twin))];
            Assert.That(environment.Observation.ToArray(), Is.EqualTo(expected).Within(Tolerance), $"step {environment.StepIndex}");
        }
    }

    private static double[] Expected(ObservationEntry entry, ControlEnvironment environment, TwinModel twin)
    {
        KinematicTree tree = environment.Task.Definition.Observation.Tree;
        if (entry is JointEntry joint)
        {
            string name = tree.Joints[joint.Joint].Name;
            return
            [
                joint.Quantity switch
                {
                    JointQuantity.Sine => Math.Sin(twin.Position(name)),
                    JointQuantity.Cosine => Math.Cos(twin.Position(name)),
                    JointQuantity.Velocity => twin.Velocity(name),
                    _ => twin.Position(name),
                },
            ];
        }
        var vector = (VectorEntry)entry;
        Vec3<double> world = vector switch
        {
            PlaceEntry e => Where(e.Of) - (e.Minus is { } minus ? Where(minus) : default),
            AxisEntry e => Frame(e.Body)[e.Axis],
            LinearVelocityEntry e => VelocityOf(e.Of),
            AngularVelocityEntry e => e.Body == 0 ? default : twin.Motion(tree.Bodies[e.Body].Name).Angular,
            ConstantEntry e => Constant(e.Offset, e.Count),
            _ => throw new NotSupportedException(entry.GetType().Name),
        };
        Vec3<double> seen = Frame(vector.Frame).Inverse(world);
        double[] all = [seen.X, seen.Y, seen.Z];
        return [.. all.Where((_, i) => ((int)vector.Keep & (1 << i)) != 0)];

        Mat3<double> Frame(int body) => body == 0 ? Mat3<double>.Identity : twin.Frame(tree.Bodies[body].Name);

        Vec3<double> Where(Place place) => place.IsConstant ? Constant(place.Offset, place.Count)
            : place.Body == 0 ? place.Position
            : twin.Body(tree.Bodies[place.Body].Name) + Frame(place.Body) * place.Position;

        Vec3<double> VelocityOf(Place place)
        {
            if (place.Body == 0) return default;
            (Vec3<double> linear, Vec3<double> angular) = twin.Motion(tree.Bodies[place.Body].Name);
            return linear + Vec3<double>.Cross(angular, Frame(place.Body) * place.Position);
        }

        Vec3<double> Constant(int offset, int count)
        {
            ReadOnlySpan<double> c = environment.Constants.Slice(offset, count);
            return new(c[0], count > 1 ? c[1] : 0, count > 2 ? c[2] : 0);
        }
    }
}
