namespace Naf.Tests;

/// <summary>
/// A task with a keyframe, a mocap body that pulls a puck over a floor, and two actuators: a servo and a motor.
/// </summary>
internal static class ModelTask
{
    /// <summary>Writes the model, with given numbers, and the task, with given sections.</summary>
    /// <returns>The task's path.</returns>
    public static string Write(ScratchFolder scratch, string sections, double cart = 1, double rod = 0.8,
        double friction = 0.5, double damping = 0.5, string goal = "0.8 0 0.1")
    {
        scratch.Write("things.xml", string.Create(CultureInfo.InvariantCulture, $"""
            <mujoco><compiler autolimits="true"/><option timestep="0.002"/><worldbody>
            <geom name="floor" type="plane" size="4 4 .1" friction=".1 .005 .0001"/>
            <body name="goal" mocap="true" pos="{goal}"><site name="above" pos="0 0 .1"/>
              <geom name="mark" size=".02" mass="0" contype="0" conaffinity="0"/></body>
            <body name="arm" pos="0 0 1"><joint name="swing" axis="0 1 0" damping=".1"/>
              <geom name="rod" type="capsule" size=".03 .2" pos="0 0 -.2" mass="{rod:R}" contype="0" conaffinity="0"/>
              <site name="tip" pos="0 0 -.4"/></body>
            <body name="cart" pos="0 1 1"><joint name="slide" type="slide" axis="1 0 0" damping="{damping:R}"/>
              <geom type="box" size=".1 .1 .1" mass="{cart:R}" contype="0" conaffinity="0"/></body>
            <body name="puck" pos="0 -1 .1"><freejoint name="puck"/>
              <geom name="puck" type="box" size=".1 .1 .1" friction="{friction:R} .005 .0001" mass="1"/></body>
            </worldbody>
            <equality>
              <weld body1="goal" body2="puck" relpose="0 0 0 1 0 0 0" solref=".5 1" solimp=".1 .2 .1"/>
            </equality>
            <actuator><position name="servo" joint="swing" kp="5" ctrlrange="-0.5 1.5"/>
              <motor name="push" joint="slide" ctrlrange="0 4"/></actuator>
            <keyframe>
              <key name="raised" qpos="0.7 0.2 0 -1 .1 1 0 0 0" qvel="0.1 -0.3 0 0 0 0 0 0" ctrl="0.6 1"/>
            </keyframe></mujoco>
            """));
        return scratch.Write("things.yaml", $$"""
            name: things
            description: A servo, a cart and a puck
            model: things.xml
            substeps: 5
            horizon: 30
            {{sections}}
            observation:
              - {position: [swing, slide]}
              - {velocity: [swing, slide]}
              - {point: puck}
              - {point: goal}
            reward: [{linear: slide, weight: 1}, {quadratic: action, weight: -0.1}]
            """);
    }
}
